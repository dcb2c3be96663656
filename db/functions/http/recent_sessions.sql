-- http.recent_sessions: the sessions used last, for `plinth cache warm`: whose they are, and the SHA-256 of their
-- tokens, with which http.enter knows them.
--
-- Rules   For operators only. Such a digest is as good as the token to whoever may call http.enter, so the login of the
--         layer must not be able to ask for any: it learns of a session by being shown its token.
--         As the caller, not as its owner: an operator may read the table anyway.
--         Without an index: it is asked by hand, now and then.
-- Locks   none
create or replace function http.recent_sessions(p_limit integer)
returns table (user_id uuid, token_hash bytea)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select s.user_id, s.token_hash
    from auth.sessions s
   where s.ended_at is null and s.expires_at > now()
   order by s.last_seen_at desc
   limit least(p_limit, 10000)
$$;

comment on function http.recent_sessions(integer) is 'The sessions used last, by the digests of their tokens';
grant execute on function http.recent_sessions(integer) to plinth_operator;
