-- Nothing of a user is forgotten: every table that hangs on an account says what of it an export shows and what an
-- erasure leaves, column by column, and the functions that do both can really do it.
begin;
set local search_path = tap, pg_catalog;
select plan(25);

create function pg_temp.tables() returns table (relation oid, name text, on_erase text, rows text, shown text[], emptied text)
language sql as $$
  select to_regclass(format('%I.%I', t.schema_name, t.table_name)), format('%s.%s', t.schema_name, t.table_name),
         t.on_erase, t.rows, t.shown, t.emptied
    from core.user_tables() t
$$;

-- What can hold anything, and so something personal.
create function pg_temp.free_columns() returns table (relation oid, name text, column_name text) language sql as $$
  select t.relation, t.name, a.attname
    from pg_temp.tables() t
    join pg_attribute a on a.attrelid = t.relation and a.attnum > 0 and not a.attisdropped
    join pg_type y on y.oid = a.atttypid
   where y.typcategory not in ('B', 'D', 'N', 'T') and y.oid not in ('uuid'::regtype, 'xid8'::regtype)
$$;

create function pg_temp.privacy() returns table (relation oid, name text, p base.table_privacy) language sql as $$
  select to_regclass(format('%I.%I', p.schema_name, p.table_name)), format('%s.%s', p.schema_name, p.table_name), p
    from base.table_privacy p
$$;

create function pg_temp.without_a_line() returns setof text language sql as $$
  select t.name from pg_temp.tables() t where not exists (select from pg_temp.privacy() p where p.name = t.name) order by 1
$$;

create function pg_temp.without_a_word() returns setof text language sql as $$
  select format('%s.%s', f.name, f.column_name)
    from pg_temp.free_columns() f join pg_temp.privacy() p on p.name = f.name
   where f.column_name <> all ((p.p).personal || (p.p).hidden || (p.p).neutral)
$$;

create function pg_temp.words() returns table (relation oid, name text, column_name text) language sql as $$
  select p.relation, p.name, w from pg_temp.privacy() p cross join lateral unnest((p.p).personal || (p.p).hidden || (p.p).neutral) w
$$;

create function pg_temp.about_nothing() returns setof text language sql as $$
  select format('%s.%s', w.name, w.column_name) from pg_temp.words() w
   where not exists (select from pg_attribute a where a.attrelid = w.relation and a.attname = w.column_name)
$$;

create function pg_temp.said_twice() returns setof text language sql as $$
  select format('%s.%s', w.name, w.column_name) from pg_temp.words() w group by 1 having count(*) > 1
$$;

-- Emptied means NULL unless the line says what else.
create function pg_temp.cannot_be_emptied() returns setof text language sql as $$
  select format('%s.%s', p.name, w.word)
    from pg_temp.privacy() p
   cross join lateral unnest((p.p).personal || (p.p).hidden) as w (word)
    join pg_attribute a on a.attrelid = p.relation and a.attname = w.word
   where (p.p).on_erase = 'anonymise' and a.attnotnull and not (p.p).erased ? w.word
$$;

-- Under forced row-level security what no policy allows happens to no row, and without a word.
create function pg_temp.not_allowed() returns setof text language sql as $$
  select format('%s %s', v.verb, t.name)
    from pg_temp.tables() t
    join pg_class c on c.oid = t.relation
   cross join lateral (values ('r', 'select'),
                              (case t.on_erase when 'delete' then 'd' when 'anonymise' then 'w' end, t.on_erase)) v (cmd, verb)
   where v.cmd is not null and c.relrowsecurity
     and (t.name <> 'ops.audit_details' or v.cmd <> 'd')
     and not exists (select from pg_policy p
                      where p.polrelid = c.oid and p.polcmd::text in (v.cmd, '*') and 'plinth_owner'::regrole = any (p.polroles))
$$;

-- A row of its own for everybody whose key refers to an account: either it is found, or its line says it only mentions.
create function pg_temp.not_found() returns setof text language sql as $$
  select distinct k.conrelid::regclass::text from pg_constraint k
   where k.contype = 'f' and k.confrelid = 'auth.users'::regclass and k.conparentid = 0
     and k.conrelid not in (select relation from pg_temp.tables())
     and not exists (select from pg_temp.privacy() p where p.relation = k.conrelid and (p.p).user_column is null)
$$;

select isnt_empty('select from pg_temp.tables()', 'there are tables of users');
select ok(array['auth.users', 'auth.sessions', 'auth.logins', 'ops.audit_details'] <@ array(select name from pg_temp.tables()),
          'among them those everybody knows');
select is_empty(
  $$ select m.schema_name, m.table_name from base.table_manifest m
      where m.class = 'by-user' and format('%s.%s', m.schema_name, m.table_name) not in (select name from pg_temp.tables()) $$,
  'every table of the class by-user is one of them');
select is_empty('select pg_temp.not_found()', 'so is every table that refers to an account, or it says that it only mentions');
select is_empty('select pg_temp.without_a_line()', 'each has its line in base.table_privacy');
select is_empty('select pg_temp.without_a_word()', 'which has a word for every column that can hold anything');
select is_empty('select pg_temp.about_nothing()', 'and none about a column that is not there');
select is_empty('select pg_temp.said_twice()', 'or two about the same');
select is_empty('select pg_temp.cannot_be_emptied()', 'what is emptied may be NULL, or the line says what it holds instead');
select results_eq(
  $$ select t.table_name from core.user_tables() t join base.table_privacy p using (schema_name, table_name)
      where t.on_erase = 'anonymise' and t.key && (p.personal || p.hidden) $$,
  array['api_metrics'], 'no key is emptied but where rows become one: core.forget_models');
select is_empty('select pg_temp.not_allowed()', 'policies let the owner''s functions read and erase a user''s own rows');
select is_empty(
  $$ select p.name from pg_temp.privacy() p where (p.p).on_erase = 'keep' and (p.p).personal <> '{}' $$,
  'what is kept holds nothing personal');
select is_empty(
  $$ select t.name, c.column_name from pg_temp.tables() t join pg_temp.privacy() p using (name)
      cross join lateral unnest((p.p).hidden) c (column_name) where c.column_name = any (t.shown) $$,
  'what is hidden is in no export');
select is_empty(
  $$ select f.name, f.column_name from pg_temp.free_columns() f
      where f.column_name ~ '(hash|token|cipher|sealed|secret|password|salt|digest)'
        and exists (select from pg_temp.tables() t where t.name = f.name and f.column_name = any (t.shown)) $$,
  'nor is anything whose name says what it is');

-- Others write addresses down, too: such a column is declared, and what names an erased account goes.
create function pg_temp.undeclared_addresses() returns setof text language sql as $$
  select format('%s.%s.%s', n.nspname, c.relname, a.attname)
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.atttypid = 'text'::regtype
    left join base.table_privacy p on p.schema_name = n.nspname and p.table_name = c.relname
   where n.nspowner = 'plinth_owner'::regrole and c.relkind in ('r', 'p') and not c.relispartition
     and a.attname ~ '(^|_)(e?mail|login|username|address)$'
     and c.oid not in ('auth.users'::regclass, 'auth.logins'::regclass)
     and p.address_column is distinct from a.attname
$$;
select is_empty('select pg_temp.undeclared_addresses()', 'a column of addresses is declared as one');
select is_empty(
  $$ select p.name from pg_temp.privacy() p
      where (p.p).address_column is not null
        and not (has_table_privilege('plinth_system', p.relation, 'select')
                 and has_table_privilege('plinth_system', p.relation, 'delete')
                 and exists (select from pg_attribute a where a.attrelid = p.relation and a.attname = (p.p).address_column)) $$,
  'and core.erase_mentions may remove its rows');

-- A domain that comes later is included by being there; what it forgot to say is hidden, and found here.
create table base.planted (user_id uuid, id integer, note text, code bytea, count integer, primary key (user_id, id));
create table base.planted_part (id integer primary key, owner uuid, planted integer, word text,
  foreign key (owner, planted) references base.planted (user_id, id));
create table base.planted_mention (id integer primary key, made_by uuid references auth.users (id), note text);
alter table base.planted owner to plinth_owner;
alter table base.planted_part owner to plinth_owner;
alter table base.planted_mention owner to plinth_owner;
select set_eq('select pg_temp.without_a_line()',
              array['base.planted', 'base.planted_mention', 'base.planted_part'], 'a table without a line is found');
select results_eq(
  $$ select t.rows, t.shown from pg_temp.tables() t where t.name = 'base.planted' $$,
  $$ values ('user_id = $1', '{user_id,id,count}'::text[]) $$, 'its free columns are hidden until they have their word');
select results_eq(
  $$ select t.rows from pg_temp.tables() t where t.name ~ 'base.planted_' order by t.name $$,
  $$ values ('(made_by) in (select id from auth.users where id = $1)'),
            ('(owner, planted) in (select user_id, id from base.planted where user_id = $1)') $$,
  'rows are found along foreign keys');
select ok(t.emptied ~ 'note = .*::text' and t.emptied ~ 'code = .*::bytea' and t.emptied !~ 'count', 'and emptied')
  from pg_temp.tables() t where t.name = 'base.planted';

insert into base.table_manifest values
  ('base', 'planted', 'by-user', 'planted'), ('base', 'planted_mention', 'local', 'planted');
insert into base.table_privacy (schema_name, table_name, on_erase, personal, neutral) values
  ('base', 'planted', 'anonymise', '{id,gone}', '{gone}');
insert into base.table_privacy (schema_name, table_name, user_column, neutral) values
  ('base', 'planted_mention', null, '{note}');
select set_eq('select pg_temp.without_a_word()', array['base.planted.note', 'base.planted.code'],
              'a column without a word is found');
select set_eq('select pg_temp.about_nothing() union all select pg_temp.said_twice()', array['base.planted.gone'],
              'a word too many is found');
select results_eq('select pg_temp.cannot_be_emptied()', array['base.planted.id'], 'what cannot be emptied is found');
create table base.planted_mail (id integer primary key, reply_address text);
alter table base.planted_mail owner to plinth_owner;
select results_eq('select pg_temp.undeclared_addresses()', array['base.planted_mail.reply_address'],
                  'a column of addresses that is not declared is found');
alter table base.planted enable row level security;
select set_eq('select pg_temp.not_allowed()', array['select base.planted', 'anonymise base.planted'],
              'a policy that is missing is found');

select * from finish();
rollback;
