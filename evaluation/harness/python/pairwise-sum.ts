/** numpy's `sum` of float64: eight running sums in blocks of up to 128, larger ranges halved. */
export function pairwiseSum(values: Float64Array, start = 0, count = values.length): number {
  if (count < 8) {
    let sum = 0;
    for (let index = 0; index < count; index += 1) sum += values[start + index]!;
    return sum;
  }
  if (count > 128) {
    const half = Math.floor(count / 2) - (Math.floor(count / 2) % 8);
    return pairwiseSum(values, start, half) + pairwiseSum(values, start + half, count - half);
  }
  const sums = values.slice(start, start + 8);
  const whole = count - (count % 8);
  for (let index = 8; index < whole; index += 1) sums[index % 8]! += values[start + index]!;
  let sum = sums[0]! + sums[1]! + (sums[2]! + sums[3]!) + (sums[4]! + sums[5]! + (sums[6]! + sums[7]!));
  for (let index = whole; index < count; index += 1) sum += values[start + index]!;
  return sum;
}
