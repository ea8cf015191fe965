//! The page, as a reader of the text would check it.
