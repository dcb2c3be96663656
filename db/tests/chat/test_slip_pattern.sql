-- core.slip_pattern: all words one slip away, and no others.
begin;
select plan(9);

select function_returns('core', 'slip_pattern', array['text'], 'text');
select volatility_is('core', 'slip_pattern', array['text'], 'immutable');
select isnt_definer('core', 'slip_pattern', array['text']);

select ok('receive' ~ core.slip_pattern('recieve'), 'two swapped');
select ok(bool_and(w ~ core.slip_pattern('vector')), 'a letter wrong, missing or too many, anywhere')
  from unnest('{wector,vecxor,vectox,ector,vetor,vecto,avector,vecttor,vectors}'::text[]) w;
select ok(bool_and(w !~ core.slip_pattern('vector')), 'not two slips, not swapped at a distance, not a part')
  from unnest('{wectox,rectov,vect,vectorial,xxvector}'::text[]) w;
select ok('häuser' ~ core.slip_pattern('hauser'), 'a letter of another alphabet');
select ok(bool_and(overlay('typewriter' placing 'x' from n for 1) ~ core.slip_pattern('typewriter')), 'each place')
  from generate_series(1, 10) n;
select ok('ab' ~ core.slip_pattern('a') and 'abc' !~ core.slip_pattern('a'), 'a single letter');

select * from finish();
rollback;
