"""What the pages say is tried here: their commands, programs, links, tables and names."""
