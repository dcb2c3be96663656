-- core.highlight: where a query hits, safe to show.
begin;
select plan(17);

select function_returns('core', 'highlight', array['regconfig', 'text', 'tsquery', 'text'], 'text');
select volatility_is('core', 'highlight', array['regconfig', 'text', 'tsquery', 'text'], 'stable');
select isnt_definer('core', 'highlight', array['regconfig', 'text', 'tsquery', 'text']);

select is(core.highlight('english', 'He runs home', 'run', 'html'), 'He <mark>runs</mark> home', 'html');
select is(core.highlight('english', 'He runs home', 'run', 'text'), 'He **runs** home', 'text');
select is(core.highlight('english', 'He runs home', 'run', 'none'), null, 'none');
select is(core.highlight('english', '<script>"run" & ''go''</script>', 'run', 'html'),
  '&lt;script&gt;&quot;<mark>run</mark>&quot; &amp; &#39;go&#39;&lt;/script&gt;', 'nothing of a text is taken for markup');
select is(core.highlight('english', E'<mark>walk</mark> \x01walk\x02 run\x03\x7f', 'run', 'html'),
  '&lt;mark&gt;walk&lt;/mark&gt; walk <mark>run</mark>', 'nor for a mark');
select is(core.highlight('english', 'Yes — “run” …', 'run', 'text'), 'Yes — “**run**” …', 'signs between words');
select is(core.highlight('english', 'See numpy.array and /etc/run', 'run | numpi', 'text'),
          'See **numpy**.array and /etc/**run**', 'words of names and paths');
select is(core.highlight('simple', 'GPT-4 & ~50 of R&D; well-known', 'gpt | 4 | 50 | d | known', 'text'),
          '**GPT**-**4** & ~**50** of R&**D**; well-**known**', 'signs stay what they are');
select is(core.highlight('english', '<b>run</b> & go', 'run', 'text'), '<b>**run**</b> & go', 'text is as it was written');
select is(core.highlight('english', 'nothing here', 'run', 'html'), 'nothing here', 'no hit: how it begins');

-- Of a long text, the part where the word is.
select matches(core.highlight('english', repeat('lorem ipsum ', 80000) || 'then he studies long ' || repeat('dolor sit ', 3000),
                              '''studi'' | ''study''', 'html'), 'then he <mark>studies</mark> long', 'the part that has the word');
select matches(core.highlight('english', 'many words ' || repeat('lorem ipsum ', 800) || 'one rare word ' || repeat('dolor ', 900),
                              'word & rare', 'text'), 'one \*\*rare\*\* \*\*word\*\*', 'the part that has the rarest');
select ok(length(core.highlight('english', repeat('lorem ipsum ', 80000), 'run', 'html')) < 1000, 'no part has it');
select ok(length(core.highlight('english', repeat('x', 1000000), 'run', 'html')) <= 1200, 'one endless word');

select * from finish();
rollback;
