"""What an object is and where it is kept: kinds, the versioned store, selectors, patches, and the errors of the API."""
