"""A whole evening on one machine: a crowd waits, is let in and books; see `--help`."""
