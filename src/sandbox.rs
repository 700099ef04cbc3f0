//! A Portkey organisation in memory.
