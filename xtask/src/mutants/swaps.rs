//! What is changed into what.

/// Other operators in its place.
pub(super) fn operators(operator: &syn::BinOp) -> &'static [&'static str] {
    use syn::BinOp;
    match operator {
        BinOp::Eq(_) => &["!="],
        BinOp::Ne(_) => &["=="],
        BinOp::Lt(_) => &["<=", ">="],
        BinOp::Le(_) => &["<", ">"],
        BinOp::Gt(_) => &[">=", "<="],
        BinOp::Ge(_) => &[">", "<"],
        BinOp::And(_) => &["||"],
        BinOp::Or(_) => &["&&"],
        BinOp::Add(_) => &["-"],
        BinOp::Sub(_) => &["+"],
        BinOp::Mul(_) => &["+"],
        BinOp::Div(_) | BinOp::Rem(_) => &["*"],
        BinOp::BitAnd(_) => &["|"],
        BinOp::BitOr(_) => &["&"],
        BinOp::AddAssign(_) => &["-="],
        BinOp::SubAssign(_) => &["+="],
        BinOp::BitOrAssign(_) => &["&="],
        BinOp::BitAndAssign(_) => &["|="],
        BinOp::Shl(_) => &[">>"],
        BinOp::Shr(_) => &["<<"],
        _ => &[],
    }
}

/// Other methods in its place.
pub(super) fn methods(name: &str) -> &'static [&'static str] {
    match name {
        "all" => &["any"],
        "any" => &["all"],
        "is_some" => &["is_none"],
        "is_none" => &["is_some"],
        "is_some_and" => &["is_none_or"],
        "is_none_or" => &["is_some_and"],
        "is_ok" => &["is_err"],
        "min" => &["max"],
        "max" => &["min"],
        "min_by_key" => &["max_by_key"],
        "first" => &["last"],
        "last" => &["first"],
        "split_first" => &["split_last"],
        "next" => &["last"],
        "next_back" => &["next"],
        "find" => &["rfind"],
        "rfind" => &["find"],
        "split_once" => &["rsplit_once"],
        "starts_with" => &["ends_with"],
        _ => &[],
    }
}

/// Whether a chain of calls can do without it and still be of the same sort.
pub(super) fn can_go(name: &str) -> bool {
    const CAN: &[&str] = &[
        "abs",
        "dedup",
        "filter",
        "or",
        "rev",
        "skip",
        "skip_while",
        "take",
        "take_while",
        "to_ascii_lowercase",
        "trim",
        "trim_end",
        "trim_end_matches",
        "trim_matches",
        "trim_start",
        "trim_start_matches",
    ];
    CAN.contains(&name)
}

/// Other literals in its place.
pub(super) fn literals(literal: &syn::Lit) -> Vec<String> {
    match literal {
        syn::Lit::Bool(literal) => vec![(!literal.value).to_string()],
        syn::Lit::Int(literal) => {
            let Ok(number) = literal.base10_parse::<u64>() else { return Vec::new() };
            let others = [number.checked_add(1), number.checked_sub(1)];
            others.into_iter().flatten().map(|other| format!("{other}{}", literal.suffix())).collect()
        }
        _ => Vec::new(),
    }
}

/// What a function may return instead of looking.
pub(super) fn returns(output: &syn::ReturnType) -> Vec<String> {
    let syn::ReturnType::Type(_, output) = output else { return vec![String::new()] };
    let syn::Type::Path(path) = &**output else {
        return match &**output {
            syn::Type::Reference(_) | syn::Type::Tuple(_) => vec!["Default::default()".to_owned()],
            _ => Vec::new(),
        };
    };
    let Some(last) = path.path.segments.last() else { return Vec::new() };
    let argument = match &last.arguments {
        syn::PathArguments::AngleBracketed(arguments) => arguments.args.first(),
        _ => None,
    };
    let is_bool = |argument: &syn::GenericArgument| match argument {
        syn::GenericArgument::Type(syn::Type::Path(inner)) => inner.path.is_ident("bool"),
        _ => false,
    };
    let all = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    match last.ident.to_string().as_str() {
        "bool" => all(&["true", "false"]),
        "Option" if argument.is_some_and(is_bool) => all(&["None", "Some(true)", "Some(false)"]),
        "Result" if argument.is_some_and(is_bool) => all(&["Ok(true)", "Ok(false)"]),
        "Option" => all(&["None", "Some(Default::default())"]),
        "Result" => all(&["Ok(Default::default())"]),
        "i32" | "i64" | "u32" | "u64" | "usize" | "u8" => all(&["0", "1"]),
        _ => all(&["Default::default()"]),
    }
}

/// Whether a statement is there for what it does, and could be forgotten.
pub(super) fn can_be_left_out(expression: &syn::Expr) -> bool {
    match expression {
        syn::Expr::MethodCall(_) | syn::Expr::Call(_) | syn::Expr::Assign(_) => true,
        syn::Expr::Try(tried) => can_be_left_out(&tried.expr),
        syn::Expr::Binary(binary) => {
            use syn::BinOp;
            matches!(
                binary.op,
                BinOp::AddAssign(_) | BinOp::SubAssign(_) | BinOp::BitOrAssign(_) | BinOp::BitAndAssign(_)
            )
        }
        _ => false,
    }
}
