-- The lines of a delimited file in their order, split into fields.
SELECT row_number() OVER () AS source_row, line, line_fields(line, getvariable('delimiter')) AS fields
FROM source_lines;
