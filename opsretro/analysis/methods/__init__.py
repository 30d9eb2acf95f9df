"""The methods: plain functions on plain values, each a chapter of its own, with its source and an example."""
