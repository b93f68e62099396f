"""From a file, an address or nothing at all to the article table, checked row by row and swapped in at once.

sources   a file or an address is opened, by way of the next three
download  an address becomes a temporary file, resumed where the connection broke off
unpack    a csv, zip, gz or zst file becomes a stream of bytes, bounded in size
records   the stream becomes rows, each with its line number and its raw text
generate  rows of made-up articles, where there is no file
columns   what a row must be like to be stored
seen      which ids came before, in flat memory
rejects   the file of rows that could not be stored, and why
bulk      rows become a table: LOAD DATA LOCAL INFILE, or INSERTs where that is off
staging   the table is filled aside and swapped in by one statement
load      the pipeline through all of these
progress  what is shown meanwhile
signals   how it is interrupted
"""
