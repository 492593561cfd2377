"""What lies over an area and goes away again: menus, the palette, help, questions, choices."""
