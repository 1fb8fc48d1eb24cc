"""The staff desk: pages for the people of the clinic. Nothing here decides; it shows, asks and passes on."""
