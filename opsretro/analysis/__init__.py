"""COMPUTE: numbers in, one result object of codes and unrounded numbers out."""
