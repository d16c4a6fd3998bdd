"""What the program's pages share: style and tables, curves over time, pictures inside the file."""
