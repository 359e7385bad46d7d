//! The difference of two texts, line by line, as each side shows it.
//!
//! Rule: the work is bounded. Between a common head and a common tail, more than [`CASES_MAX`] pairs of lines are not
//! aligned: all that stands there is shown as changed.

const CASES_MAX: usize = 4_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cote {
    Avant,
    Apres,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ligne {
    pub texte: String,
    /// Removed on the side before, added on the side after.
    pub changee: bool,
}

/// The lines of one side, those that the other side lacks marked.
pub(crate) fn cote(avant: &str, apres: &str, cote: Cote) -> Vec<Ligne> {
    let (a, b): (Vec<&str>, Vec<&str>) = (avant.lines().collect(), apres.lines().collect());
    let (gardees_a, gardees_b) = communes(&a, &b);
    let (lignes, gardees) = match cote {
        Cote::Avant => (a, gardees_a),
        Cote::Apres => (b, gardees_b),
    };
    lignes
        .into_iter()
        .zip(gardees)
        .map(|(texte, gardee)| Ligne { texte: texte.to_owned(), changee: !gardee })
        .collect()
}

/// For each line of either side, whether it belongs to the longest common subsequence.
fn communes(a: &[&str], b: &[&str]) -> (Vec<bool>, Vec<bool>) {
    let tete = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let queue = a[tete..].iter().rev().zip(b[tete..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (milieu_a, milieu_b) = (&a[tete..a.len() - queue], &b[tete..b.len() - queue]);
    let mut gardees_a = vec![true; a.len()];
    let mut gardees_b = vec![true; b.len()];
    gardees_a[tete..a.len() - queue].fill(false);
    gardees_b[tete..b.len() - queue].fill(false);
    let (hauteur, largeur) = (milieu_a.len(), milieu_b.len());
    if hauteur == 0 || largeur == 0 || hauteur.saturating_mul(largeur) > CASES_MAX {
        return (gardees_a, gardees_b);
    }
    // Longest common subsequence of what follows line i of one side and line j of the other.
    let case = |i: usize, j: usize| i * (largeur + 1) + j;
    let mut longueurs = vec![0_u32; (hauteur + 1) * (largeur + 1)];
    for i in (0..hauteur).rev() {
        for j in (0..largeur).rev() {
            longueurs[case(i, j)] = if milieu_a[i] == milieu_b[j] {
                longueurs[case(i + 1, j + 1)] + 1
            } else {
                longueurs[case(i + 1, j)].max(longueurs[case(i, j + 1)])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < hauteur && j < largeur {
        if milieu_a[i] == milieu_b[j] {
            gardees_a[tete + i] = true;
            gardees_b[tete + j] = true;
            i += 1;
            j += 1;
        } else if longueurs[case(i + 1, j)] >= longueurs[case(i, j + 1)] {
            i += 1;
        } else {
            j += 1;
        }
    }
    (gardees_a, gardees_b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marquees(avant: &str, apres: &str, c: Cote) -> Vec<String> {
        cote(avant, apres, c).into_iter().filter(|ligne| ligne.changee).map(|ligne| ligne.texte).collect()
    }

    #[test]
    fn only_what_changed_is_marked() {
        for (avant, apres, retirees, ajoutees) in [
            ("a\nb\nc", "a\nb\nc", "", ""),
            ("a\nb\nc", "a\nx\nc", "b", "x"),
            ("a\nb", "a\nb\nc", "", "c"),
            ("a\nb\nc\nd", "b\nd", "a c", ""),
            ("", "a\nb", "", "a b"),
            ("a\nb\na", "b\na\nb", "a", "b"),
        ] {
            assert_eq!(marquees(avant, apres, Cote::Avant).join(" "), retirees, "{avant:?}");
            assert_eq!(marquees(avant, apres, Cote::Apres).join(" "), ajoutees, "{apres:?}");
        }
    }

    #[test]
    fn a_huge_difference_is_bounded() {
        let avant: String =
            (0..3000).flat_map(|n| ['a'.to_string(), n.to_string(), "\n".to_owned()]).collect();
        let apres: String =
            (0..3000).flat_map(|n| ['b'.to_string(), n.to_string(), "\n".to_owned()]).collect();
        assert_eq!(marquees(&avant, &apres, Cote::Avant).len(), 3000);
    }
}
