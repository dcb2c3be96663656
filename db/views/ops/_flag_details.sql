-- core.flag_details: a flag as administrators see it. state is what its switch and schedule make of it at this moment.
create or replace view core.flag_details as
select f.key,
       f.description,
       case when f.archived_at is not null then 'archived'
            when not f.enabled then 'off'
            when now() < f.starts_at then 'waiting'
            when now() >= f.ends_at then 'over'
            else 'on' end as state,
       f.enabled,
       f.percentage,
       f.rules,
       f.variants,
       f.off_value,
       f.prerequisites,
       f.starts_at,
       f.ends_at,
       f.salt,
       f.archived_at,
       f.version,
       f.created_at,
       f.updated_at
  from ops.flags f;

comment on view core.flag_details is 'A flag as administrators see it';
comment on column core.flag_details.key is 'Name in the code';
comment on column core.flag_details.description is 'What it switches';
comment on column core.flag_details.state is 'off, waiting for starts_at, on, over since ends_at, or archived';
comment on column core.flag_details.enabled is 'The main switch';
comment on column core.flag_details.percentage is 'Share of the users whom no rule decides about';
comment on column core.flag_details.rules is
  'In order: users, roles, tiers, percentage, all of which must hold; then enabled, variant; description';
comment on column core.flag_details.variants is 'Names, weights and values';
comment on column core.flag_details.off_value is 'The value for whoever does not have it';
comment on column core.flag_details.prerequisites is 'Flags a user must have before this one counts';
comment on column core.flag_details.starts_at is 'Off before';
comment on column core.flag_details.ends_at is 'Off from then on';
comment on column core.flag_details.salt is 'Decides, with the user id, who is drawn';
comment on column core.flag_details.archived_at is 'When it was put away';
comment on column core.flag_details.version is 'Grows with every change';
comment on column core.flag_details.created_at is 'When it was made';
comment on column core.flag_details.updated_at is 'When it last changed';
grant select on core.flag_details to plinth_system;
