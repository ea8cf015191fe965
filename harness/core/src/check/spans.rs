//! Counts what was there throughout, by intervals and not by points.

/// For each call, `(from, to)`, how many stays, `(inside, gone)`, cover it: `inside` before it began and `gone` after it
/// ended.
///
/// All together take `O(n log n)`: calls and stays are walked by time, and a Fenwick tree over `gone` holds the stays
/// that have begun.
pub(super) fn covering(stays: &[(u64, u64)], calls: &[(u64, u64)]) -> Vec<usize> {
    let mut gone: Vec<u64> = stays.iter().map(|stay| stay.1).collect();
    gone.sort_unstable();
    gone.dedup();
    let mut entering = stays.to_vec();
    entering.sort_unstable();
    let mut by_time: Vec<usize> = (0..calls.len()).collect();
    by_time.sort_unstable_by_key(|call| calls[*call].0);

    let mut tree = vec![0_usize; gone.len() + 1];
    let (mut inside, mut covered) = (0, vec![0; calls.len()]);
    for number in by_time {
        let (from, to) = calls[number];
        while let Some(stay) = entering.get(inside).filter(|stay| stay.0 < from) {
            let mut at = gone.partition_point(|gone| *gone < stay.1) + 1;
            while at < tree.len() {
                tree[at] += 1;
                at += at & at.wrapping_neg();
            }
            inside += 1;
        }
        let mut at = gone.partition_point(|gone| *gone <= to);
        let mut left = 0;
        while at > 0 {
            left += tree[at];
            at &= at - 1;
        }
        covered[number] = inside - left;
    }
    covered
}
