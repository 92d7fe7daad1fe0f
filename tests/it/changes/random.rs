//! Random chains: what leads there leads back, and every stop on the way gives the same.
