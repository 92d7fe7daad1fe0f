-- Blocks of lines of the logs that were imported: a line that is imported again does not count again.
CREATE TABLE imported_blocks (
    -- Of the environment and the lines.
    digest INTEGER PRIMARY KEY,
    -- The digest of the block before it.
    previous INTEGER NOT NULL,
    -- How often one log had it.
    times INTEGER NOT NULL,
    -- The time of a line of it, in seconds since 1970.
    at INTEGER NOT NULL,
    -- Of each line, 15 bits of its hash and whether it was counted.
    lines BLOB NOT NULL
);

CREATE INDEX imported_blocks_by_previous ON imported_blocks (previous);
