-- http.guards: what the guards of functions say of their arguments.
begin;
select plan(35);

select is(pg_get_function_arguments('http.guards'::regproc), '', 'arguments');
select is(pg_get_function_result('http.guards'::regproc), 'TABLE(function oid, argument text, schema jsonb)', 'result');
select volatility_is('http', 'guards', '{}'::name[], 'stable');
select isnt_definer('http', 'guards', '{}'::name[]);
select function_owner_is('http', 'guards', '{}'::name[], 'plinth_owner');
select is(p.proconfig, '{"search_path=pg_catalog, pg_temp"}', 'search path') from pg_proc p
 where p.oid = 'http.guards'::regproc;
select is(array(select a.grantee::regrole::text from aclexplode(p.proacl) a order by 1),
          '{plinth_owner}', 'who may call it') from pg_proc p where p.oid = 'http.guards'::regproc;

-- What usage is summed by stands twice, for the caller's own and for everybody's, which are also summed by user.
create function pg_temp.by(p_function regproc) returns jsonb language sql as $$
  select g.schema -> 'enum' from http.guards() g where g.function = p_function and g.argument = 'by'
$$;
select is(pg_temp.by('api.get_all_usage_stats'), pg_temp.by('api.get_api_usage_stats') || '"user"', 'one list but for the user');

set role plinth_owner;
create type core.tap_row as (weight integer, shape text);
create function core.tap_deep(p_size integer) returns void language plpgsql as $$
begin
  if p_size > 9 then
    perform base.raise('VL001', 'size must be at most 9', 'size');
  end if;
end $$;
create function core.tap_check(p_size integer, p_colour text, p_word text) returns void language plpgsql as $$
begin
  if p_size < 1 then
    perform base.raise('VL001', 'size must be at least 1', 'size');
  end if;
  if p_colour not in ('green') or p_word not in ('never') then
    perform base.raise('VL001', 'not so', 'colour');
  end if;
  perform core.tap_deep(p_size);
end $$;
create function core.tap_check_row(p_row core.tap_row) returns void language plpgsql as $$
begin
  if p_row.weight not between 0.5 and 10 or p_row.shape !~ '^[a-z]+$' then
    perform base.raise('VL001', 'weight must be from 0.5 to 10', 'weight');
  end if;
end $$;
create function api.tap_guarded(
  p_mode text, p_size integer, p_colour text, p_weight numeric, p_shape text, p_name text, p_tags text[], p_list jsonb,
  p_object jsonb, p_kinds text[], p_word text, p_days integer, p_open integer, p_state text, p_class text, p_title text,
  p_code text, p_until timestamptz, p_after text, p_years integer, p_caps jsonb, p_zone text, p_kin text[])
returns void language plpgsql as $$
declare
  v_row  core.tap_row;
  v_most integer := 3;
  v_old  timestamptz;
begin
  if p_mode is null or p_mode not in ('web', 'prefix') then
    perform base.raise('VL001', 'mode must be web', 'mode');
  elsif p_colour not in ('red', 'blue') then
    perform base.raise('VL001', 'colour must be red or blue', 'colour');
  end if;
  perform core.tap_check(p_size, p_colour, null);
  v_row.weight := p_weight;
  perform core.tap_check_row(v_row);
  if length(p_name) not between 1 and 20 or p_name ~ '[[:cntrl:]]' then
    perform base.raise('VL001', 'name', 'name');
  end if;
  if cardinality(p_tags) > 5 or jsonb_typeof(p_list) is distinct from 'array' or jsonb_array_length(p_list) not between 1 and 50
     or jsonb_typeof(p_object) <> 'object'
  then
    perform base.raise('VL001', 'tags', 'tags');
  end if;
  if p_kinds = '{}' or not p_kinds <@ '{a,b}' or p_days not between 1 and v_most then
    perform base.raise('VL001', 'kinds', 'kinds');
  end if;
  -- None of these refuses on its own, or as a rule of the argument.
  if p_years > 31 and p_size > 1 then
    perform base.raise('VL001', 'years', 'years');
  end if;
  if not p_caps <@ '["a","b"]' or p_zone !~ '^a$' and p_size > 1 or p_kin <@ '{a,b}' then
    perform base.raise('VL001', 'caps', 'caps');
  end if;
  if p_mode = 'web' and p_open not between 1 and 2 or p_open not between 3 and 4 and p_mode = 'web' then
    perform base.raise('VL001', 'open', 'open');
  end if;
  if p_state not in ('a', 'b') then
    perform base.raise('KC004', 'It is not so far', 'state');
  end if;
  if p_class not in (select c.relname from pg_class c) or p_after not in ('x') then
    perform base.raise('VL001', 'class', 'class');
  end if;
  p_title := btrim(p_title);
  if length(p_title) > 3 then
    perform base.raise('VL001', 'title', 'title');
  end if;
  if p_code = '' then
    p_until := nullif(coalesce(p_until, v_old), 'infinity');
  end if;
  if length(p_code) <> 3 or p_code !~ '^[[:alpha:]]+$' or length(p_code) < 2 then
    perform base.raise('VL001', 'code', 'code');
  end if;
end $$;
create function api.tap_without(p_mode text) returns void language plpgsql as $$
begin
  if p_mode not in ('web') then
    perform base.raise('VL001', 'mode', 'mode');
  end if;
end $$;
reset role;
select http.expose('POST /v1/tap-guarded', 'api.tap_guarded');

create temp table said as select g.argument, g.schema from http.guards() g where g.function = 'api.tap_guarded'::regproc;
select is((select s.schema from said s where s.argument = v.argument), v.schema::jsonb, v.words)
  from (values
    ('mode',   '{"enum": ["web", "prefix"]}', 'in'),
    ('colour', '{"enum": ["red", "blue"]}', 'its own guard before those of helpers'),
    ('size',   '{"minimum": 1, "maximum": 9}', 'helpers, and helpers of theirs'),
    ('weight', '{"minimum": 0.5, "maximum": 10}', 'in a row'),
    ('shape',  '{"pattern": "^[a-z]+$"}', 'a pattern'),
    ('name',   '{"minLength": 1, "maxLength": 20}', 'length'),
    ('tags',   '{"maxItems": 5}', 'how many'),
    ('list',   '{"type": "array", "minItems": 1, "maxItems": 50}', 'how many of JSON'),
    ('object', '{"type": "object"}', 'an object'),
    ('kinds',  '{"items": {"type": "string", "enum": ["a", "b"]}}', 'each of a list'),
    ('days',   '{"minimum": 1}', 'only what is written out'),
    ('word',   null, 'what is not handed on'),
    ('open',   null, 'what depends on another'),
    ('years',  null, 'behind it, too'),
    ('zone',   null, 'a pattern likewise'),
    ('caps',   null, 'what is no list of words'),
    ('kin',    null, 'what must not be'),
    ('state',  null, 'what is refused for another reason'),
    ('class',  null, 'what is looked up'),
    ('after',  null, 'where a page begins'),
    ('title',  null, 'what is changed first'),
    ('code',   '{"cleared": ""}', 'nor what may be empty'),
    ('until',  '{"cleared": "infinity"}', 'what stands for nothing')) as v (argument, schema, words);
select is_empty($$ select from http.guards() g where g.function = 'api.tap_without'::regproc $$, 'without a route');

-- What is among a few values, all over the contract. A guard that is put in other words drops out of here.
select results_eq(
  $$ select e.name collate "default", e.allowed
       from http.guards() g
       join pg_proc p on p.oid = g.function
      cross join lateral (
        select p.proname::text || '.' || g.argument, string_agg(v, ' ')
          from jsonb_array_elements_text(coalesce(g.schema -> 'enum', g.schema #> '{items,enum}')) v) as e (name, allowed)
      where g.schema @? '$.**.enum' and p.proname not like 'tap%' order by e.name collate "C" $$,
  $$ values
    ('add_team_member.role', 'admin member'),
    ('create_embedding_model.index_kind', 'hnsw ivfflat none'),
    ('create_embedding_model.metric', 'cosine l2 inner_product'),
    ('create_embedding_model.storage', 'vector halfvec'),
    ('create_message.role', 'system user assistant tool'),
    ('delete_embeddings.kind', 'message memory text'),
    ('delete_memories.scope', 'user conversation'),
    ('finish_function_execution.status', 'succeeded failed cancelled'),
    ('get_all_usage_stats.by', 'total hour day route status model user'),
    ('get_api_usage_stats.by', 'total hour day route status model'),
    ('get_messages.order', 'asc desc'),
    ('get_messages.role', 'system user assistant tool'),
    ('get_skill_statistics.by', 'skill version day'),
    ('get_user_conversations.status', 'active archived deleted'),
    ('grant_access.right', 'read write admin'),
    ('invite_to_team.role', 'admin member'),
    ('list_embeddings.kind', 'message memory text'),
    ('list_function_executions.status', 'running succeeded failed cancelled timed_out'),
    ('list_limits.kind', 'route tier user'),
    ('list_memories.scope', 'user conversation'),
    ('list_plans.status', 'draft running succeeded failed cancelled'),
    ('list_users.status', 'active suspended deleted erased'),
    ('search_all.highlight', 'html text none'),
    ('search_all.sources', 'messages memories'),
    ('search_messages.highlight', 'html text none'),
    ('search_messages.mode', 'web prefix fuzzy'),
    ('search_messages.role', 'system user assistant tool'),
    ('search_messages.sort', 'rank time'),
    ('search_similar_embeddings.kind', 'message memory text'),
    ('update_embedding_model.index_kind', 'hnsw ivfflat none'),
    ('update_embedding_model.state', 'active retired'),
    ('update_team_member.role', 'admin member'),
    ('update_user.status', 'active suspended')
  $$, 'what is one of a few');
select is_empty(
  $$ select p.proname, g.argument from http.guards() g join pg_proc p on p.oid = g.function
      where 'p_' || g.argument <> all (p.proargnames[:p.pronargs]) $$, 'nothing is said of what is no argument');

set session authorization plinth_web;
select throws_ok($$ select http.guards() $$, '42501', null, 'private');
reset session authorization;

select * from finish();
rollback;
