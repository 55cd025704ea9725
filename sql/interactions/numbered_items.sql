-- The records of an items file in their order.
SELECT row_number() OVER () AS item_row, * FROM item_records;
