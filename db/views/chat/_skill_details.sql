-- core.skill_details: a version of a skill as it is shown.
create or replace view core.skill_details as
select s.name,
       s.version,
       s.current,
       s.enabled,
       s.description,
       s.parameters,
       s.timeout_seconds,
       s.tags,
       s.metadata,
       s.created_at,
       s.updated_at,
       s.revision
  from chat.skills s;

comment on view core.skill_details is 'A version of a skill as it is shown';
comment on column core.skill_details.name is 'Name, as models are told it';
comment on column core.skill_details.version is 'Semantic version';
comment on column core.skill_details.current is 'Whether this is the version that is run where none is named';
comment on column core.skill_details.enabled is 'Whether it may be run';
comment on column core.skill_details.description is 'What it does, as models are told it';
comment on column core.skill_details.parameters is 'JSON Schema of the arguments';
comment on column core.skill_details.timeout_seconds is 'How long a run may take where it does not say itself';
comment on column core.skill_details.tags is 'Words to find it by';
comment on column core.skill_details.metadata is 'What the application wants to remember of it';
comment on column core.skill_details.created_at is 'When this version was registered';
comment on column core.skill_details.updated_at is 'When it last changed';
comment on column core.skill_details.revision is 'Grows with every change';
grant select on core.skill_details to plinth_system;
