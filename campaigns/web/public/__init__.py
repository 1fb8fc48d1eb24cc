"""The pages for registrants: no sign-in, no cookies; the signed link in the address is the only key."""
