-- How a call to a customer begins: salam, adab, nomoskar; NULL: as usual for the form of address.

ALTER TABLE customers ADD COLUMN salutation TEXT;
