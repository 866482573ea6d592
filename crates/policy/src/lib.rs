//! Cedar policies over the words of Exequatur: decisions with reasons.
