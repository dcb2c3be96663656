-- core.imported_hash: takes a password hash of another system apart. NULL: it is none that is known, or it is damaged.
--
-- Rules   method is bcrypt, with setting as crypt() reads it, or pbkdf2 with digest, salt, rounds and what is wanted.
--         prepare says what bcrypt is given: the password itself, or a digest of it, for one of them keyed with salt.
--         bcrypt         $2a$…, $2b$…, $2y$…: the letters b and y mark fixed implementations of one algorithm
--         Django         pbkdf2_sha256$rounds$salt$hash, pbkdf2_sha1$…, bcrypt$$2b$…, bcrypt_sha256$$2b$…
--         passlib        $pbkdf2-sha256$rounds$salt$hash, $pbkdf2-sha512$…, $pbkdf2$… (sha1), $bcrypt-sha256$v=2,…
--         More than 3,000,000 rounds, or a bcrypt cost above 14, is more than a sign-in may take: such a hash is not
--         known.
create or replace function core.imported_hash(
  p_hash      text,
  out method  text,
  out prepare text,
  out setting text,
  out digest  text,
  out salt    bytea,
  out rounds  integer,
  out wanted  bytea
)
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_bcrypt constant text := '\$2[aby]\$(?:0[4-9]|1[0-4])\$[./A-Za-z0-9]{53}$';
  c_rounds constant text := '\$([1-9][0-9]{0,5}|[12][0-9]{6}|3000000)\$';
  v_parts  text[];
begin
  if p_hash ~ ('^(bcrypt(_sha256)?\$)?' || c_bcrypt) then
    method := 'bcrypt';
    prepare := case when p_hash like 'bcrypt\_sha256%' then 'hex of sha256' else 'itself' end;
    setting := overlay(right(p_hash, 60) placing 'a' from 3 for 1);
  elsif p_hash ~ '^\$bcrypt-sha256\$v=2,t=2[aby],r=(0?[4-9]|1[0-4])\$[./A-Za-z0-9]{22}\$[./A-Za-z0-9]{31}$' then
    v_parts := regexp_match(p_hash, 'r=([0-9]+)\$(.{22})\$(.{31})$');
    method := 'bcrypt';
    prepare := 'base64 of hmac';
    salt := convert_to(v_parts[2], 'UTF8');
    setting := format('$2a$%s$%s%s', lpad(v_parts[1], 2, '0'), v_parts[2], v_parts[3]);
  elsif p_hash ~ '^\$bcrypt-sha256\$2[aby],(0?[4-9]|1[0-4])\$[./A-Za-z0-9]{22}\$[./A-Za-z0-9]{31}$' then
    v_parts := regexp_match(p_hash, ',([0-9]+)\$(.{22})\$(.{31})$');
    method := 'bcrypt';
    prepare := 'base64 of sha256';
    setting := format('$2a$%s$%s%s', lpad(v_parts[1], 2, '0'), v_parts[2], v_parts[3]);
  elsif p_hash ~ ('^pbkdf2_sha(1|256|512)' || c_rounds || '[^$]+\$[A-Za-z0-9+/]+={0,2}$') then
    v_parts := regexp_match(p_hash, '^pbkdf2_(sha[0-9]+)' || c_rounds || '([^$]+)\$([^=]+)=*$');
    method := 'pbkdf2';
    salt := convert_to(v_parts[3], 'UTF8');
  elsif p_hash ~ ('^\$pbkdf2(-sha256|-sha512)?' || c_rounds || '[A-Za-z0-9./]+\$[A-Za-z0-9./]+$') then
    v_parts := regexp_match(p_hash, '^\$pbkdf2-?(sha[0-9]+)?' || c_rounds || '([^$]+)\$(.+)$');
    v_parts[1] := coalesce(v_parts[1], 'sha1');
    method := 'pbkdf2';
    salt := core.from_base64(v_parts[3]);
  end if;

  if method = 'pbkdf2' then
    digest := v_parts[1];
    rounds := v_parts[2]::integer;
    wanted := core.from_base64(v_parts[4]);
    if salt is null or length(wanted) is distinct from (case digest when 'sha1' then 20 when 'sha256' then 32 else 64 end) then
      method := null;
    end if;
  end if;
end
$$;

comment on function core.imported_hash(text) is 'Takes a password hash of another system apart';
grant execute on function core.imported_hash(text) to plinth_system;
