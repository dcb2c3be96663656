-- api.v_mail: how mail goes, per kind: what waits, since when, what was sent and what was given up, as far back as
-- messages are kept. Owned by plinth_system, because it counts over all users; it shows no address and no text.
create or replace view api.v_mail as
select k.kind,
       k.description,
       count(o.id) filter (where o.sent_at is null and o.given_up_at is null) as waiting,
       min(o.created_at) filter (where o.sent_at is null and o.given_up_at is null) as oldest_waiting,
       count(o.id) filter (where o.sent_at is null and o.given_up_at is null and o.last_error is not null) as failing,
       count(o.id) filter (where o.sent_at is not null) as sent,
       count(o.id) filter (where o.given_up_at is not null) as given_up
  from ops.mail_kinds k
  left join ops.outbox o on o.kind = k.kind
 group by k.kind, k.description;

comment on view api.v_mail is 'How mail goes, per kind: waiting, sent, given up';
comment on column api.v_mail.kind is 'Which message';
comment on column api.v_mail.description is 'When it is sent, and to whom';
comment on column api.v_mail.waiting is 'Messages that wait';
comment on column api.v_mail.oldest_waiting is
  'When the oldest of them was caused; long ago: no worker, or no mail server';
comment on column api.v_mail.failing is 'Those of them that were tried and refused';
comment on column api.v_mail.sent is 'Messages the mail server took';
comment on column api.v_mail.given_up is 'Messages that were given up; ops.outbox.last_error says why';
grant select on api.v_mail to plinth_reader, plinth_operator;
alter view api.v_mail owner to plinth_system;
