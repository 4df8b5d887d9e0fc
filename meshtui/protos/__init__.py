"""Wire formats of our own: the generated code of echo.proto."""
