"""What is written: the JSON, CSV and tables of the headless commands and of saved files."""
