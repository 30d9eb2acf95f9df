"""IN: settings, contracts, readers, calendar and the sample: files in, typed and checked tables out."""
