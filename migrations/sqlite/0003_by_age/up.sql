-- Nothing: entries are found by their age since the first migration. Both trees are numbered alike.
SELECT 1;
