"""Pages and pictures: explorer, diagram, drawing."""
