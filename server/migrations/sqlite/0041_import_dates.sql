-- Which of day and month comes first in the dates of an import, as said; NULL: its columns show it.
ALTER TABLE import_jobs ADD COLUMN date_order TEXT CHECK (date_order IN ('day_first', 'month_first'));
