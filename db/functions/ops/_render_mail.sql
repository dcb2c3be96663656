-- core.render_mail: subject and body of a message, in the language asked for (pt-BR, else pt) or in English.
--
-- Rules   {name} is replaced by the value of that name, once: what a value holds is never looked at again. A name
--         without a value is replaced by nothing.
--         A value is one line: control, line-breaking and direction-changing characters become spaces, 300 characters
--         at most. So nobody writes a header, a paragraph or a link of their own into a mail of ours.
-- Errors  no_data_found where there is no such text
create or replace function core.render_mail(p_kind text, p_language text, p_values jsonb)
returns table (subject text, body text)
language plpgsql
stable
rows 1
set search_path = pg_catalog, pg_temp
as $$
declare
  v_text   ops.mail_texts;
  v_values jsonb;
begin
  select t.* into strict v_text
    from ops.mail_texts t
   where t.kind = p_kind and t.language in (p_language, split_part(p_language, '-', 1), 'en')
   order by (t.language = p_language) is true desc, t.language <> 'en' desc
   limit 1;

  select coalesce(jsonb_object_agg(v.key, left(regexp_replace(v.value,
           '[[:cntrl:]\u0080-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+', ' ', 'g'), 300)), '{}')
    into v_values
    from jsonb_each_text(p_values) v
   where v.value is not null;

  -- A mark at the end, so that what follows the last name is found as well.
  select string_agg(m.part[1] || coalesce(v_values ->> m.part[2], ''), '' order by m.n) into subject
    from regexp_matches(v_text.subject || '{}', '([^{]*)\{([a-z_]*)\}', 'g') with ordinality as m (part, n);
  select string_agg(m.part[1] || coalesce(v_values ->> m.part[2], ''), '' order by m.n) into body
    from regexp_matches(v_text.body || '{}', '([^{]*)\{([a-z_]*)\}', 'g') with ordinality as m (part, n);
  subject := left(subject, 200);
  return next;
end
$$;

comment on function core.render_mail(text, text, jsonb) is 'Subject and body of a message with its values';
grant execute on function core.render_mail(text, text, jsonb) to plinth_system;
