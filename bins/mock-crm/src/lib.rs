//! An HTTP record store to rehearse against.
