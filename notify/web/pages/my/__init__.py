"""A resident's own page: whoever has proven an address sees and changes what is theirs."""
