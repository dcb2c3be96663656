-- Title: {title}
-- Version: {version}
-- Description: What changes, and why.
-- Breaks:
-- Transaction: one

-- Breaks names functions and views in the way of the change: they are dropped first and come back
-- from their files. "Transaction: none" is for CREATE INDEX CONCURRENTLY and the like: every
-- statement is then a step of its own.
