-- api.v_flags: every flag, what state it is in, and who changed it last and why. Names no user of a rule.
create or replace view api.v_flags as
select f.key, f.description, f.state, f.percentage,
       jsonb_array_length(f.rules) as rules,
       array(select v.item ->> 'name' from jsonb_array_elements(f.variants) as v (item)) as variants,
       f.prerequisites, f.starts_at, f.ends_at, f.version, f.created_at, f.updated_at,
       h.changed_by, h.acting_role, h.reason
  from core.flag_details f
  left join ops.flag_history h on h.key = f.key and h.version = f.version;

comment on view api.v_flags is 'Feature flags: state, share, rules, and the last change';
comment on column api.v_flags.key is 'Name in the code';
comment on column api.v_flags.description is 'What it switches';
comment on column api.v_flags.state is 'off, waiting for starts_at, on, over since ends_at, or archived';
comment on column api.v_flags.percentage is 'Share of the users whom no rule decides about';
comment on column api.v_flags.rules is 'How many rules it has';
comment on column api.v_flags.variants is 'Names of its variants';
comment on column api.v_flags.prerequisites is 'Flags a user must have before this one counts';
comment on column api.v_flags.starts_at is 'Off before';
comment on column api.v_flags.ends_at is 'Off from then on';
comment on column api.v_flags.version is 'How often it changed, with being made';
comment on column api.v_flags.created_at is 'When it was made';
comment on column api.v_flags.updated_at is 'When it last changed';
comment on column api.v_flags.changed_by is 'The user who changed it last; NULL: an operator';
comment on column api.v_flags.acting_role is 'The database login that did';
comment on column api.v_flags.reason is 'Why, where somebody said so';
grant select on api.v_flags to plinth_reader, plinth_operator, plinth_system;
