//! The columns of a wide row: written down once, in the order in which statements ask for them, and read by
//! their names. SQLite finds a name by comparing it with those of all columns, for each value of each row anew;
//! here the compiler does, and a name that is misspelled or left out does not compile.

/// Names the columns of a row: `COLUMNS` is what statements ask for, `column::name` where the value is.
macro_rules! columns {
    ($visibility:vis $first:ident $(, $next:ident)* $(,)?) => {
        /// What a statement asks for whose rows `read` takes.
        $visibility const COLUMNS: &str = concat!(stringify!($first) $(, ", ", stringify!($next))*);

        #[allow(non_upper_case_globals, non_camel_case_types)] // they are called what the columns are called
        mod column {
            enum Index {
                $first $(, $next)*
            }

            pub(super) const $first: usize = Index::$first as usize;
            $(pub(super) const $next: usize = Index::$next as usize;)*
        }
    };
}

pub(super) use columns;
