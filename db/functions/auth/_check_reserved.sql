-- core.check_reserved: refuses usernames that sound like the service itself, so that nobody can pose as it.
--
-- Rules   Compared in lower case and without separators: "Ad-Min" sounds like "admin".
--         "erased" and what follows it is the name of an account that is gone.
--         An operator's login may: whoever runs the service may well be its admin.
-- Errors  VL001 on username
create or replace function core.check_reserved(p_username text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name text := translate(lower(p_username), '_.-', '');
begin
  if (v_name = any ('{
        about,abuse,account,accounts,admin,administrator,admins,all,anonymous,api,auth,billing,contact,console,deleted,
        docs,everyone,help,helpdesk,hostmaster,info,login,logout,mail,mailerdaemon,moderator,nobody,noreply,null,
        operator,owner,plinth,postgres,postmaster,register,root,security,service,settings,signin,signup,staff,status,
        superuser,support,sysadmin,system,team,undefined,webmaster,you}'::text[])
      or v_name ~ '^erased[0-9a-f]{32}$')
     and not pg_has_role(session_user, 'plinth_operator', 'member')
  then
    perform base.raise('VL001', 'username is reserved; choose another', 'username');
  end if;
end
$$;

comment on function core.check_reserved(text) is 'Refuses usernames that sound like the service itself';
grant execute on function core.check_reserved(text) to plinth_system;
