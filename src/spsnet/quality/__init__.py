"""What a result tells of its own quality: measures, problems in sentences, and the page that shows them."""
