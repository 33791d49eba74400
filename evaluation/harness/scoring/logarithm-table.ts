// The table behind glibc's log (2.28 and later), computed here from what defines it.
import { logOfRatio, roundToBinaryDigits, toFloat } from "./exact-tables.ts";

/** One of 128 intervals of [0.6875, 1.375): the reciprocal of a point c near its centre, and log(c), which is short. */
export interface LogarithmStep {
  readonly reciprocal: number;
  readonly log: number;
}

const RANGE_START = 0x3fe60000_00000000n;
/** Bits of a float that lie below those that number the intervals. */
const INTERVAL_BITS = 45n;

/**
 * How far glibc's reciprocals lie from those of the intervals' centres, in units of the last place. It looked, up to
 * 2^29 units away, for a point whose logarithm is almost a multiple of 2^-43: there is no shorter way to these numbers.
 */
// oxfmt-ignore
const RECIPROCAL_OFFSETS: readonly number[] = [
  -23142382, -57643754, -234334839, -124664804, 19045012, -123323398, -501163255, 342479926, -234593306, 57421184,
  513617488, -240891478, 85169741, 28659150, 284053799, 342563057, -68420459, -346144712, -90113766, -464022980,
  285342708, -489548825, 376054848, 47397812, -423637851, -260988534, 336107021, 448241578, 154177355, 447893384,
  241227555, -420636714, -218426730, -96876684, -205835218, -368178198, -345128710, -510284502, 481763731, 209336112,
  429336310, 15489329, 442353177, -417834330, 73183371, 515232680, 507984536, 83787275, 330409952, 151596684,
  377744204, 198302857, 214798271, -345957716, 356163107, 215510022, -229897960, -131709726, 215213618, -464519207,
  -332821996, 385780520, -400344786, 256208139, 478356527, 345720337, 128466877, 217515751, -162048343, 295127580,
  -235892775, -69369347, 93666841, -272860130, 91915174, 29018059, 258893229, 386009280, -241633007, 68399381,
  386341370, 408940642, 65060217, -120872168, 189498853, -32395328, -49955913, 154042178, -346113480, 148348366,
  -396488327, -427431396, 107119491, -500798201, 212184347, 305888811, -330297730, -91422864, 6707636, 273897542,
  -512931067, -500150233, 485589437, -280752730, 106848032, 30953893, -291342514, -408884927, 149302919, -107851081,
  225432558, 460497078, -452391632, -490679353, 508304210, 493208081, 336502878, 526975298, -457361038, -312310462,
  -365194252, -421357131, 362015322, 310793228, -441535439, -69145545, -528727990, 433364383,
];

const float = new Float64Array(1);
const bits = new BigInt64Array(float.buffer);

/** The intervals of the logarithm, in order. */
export function logarithmSteps(): readonly LogarithmStep[] {
  return RECIPROCAL_OFFSETS.map((offset, index) => {
    const center = (startOf(index) + startOf(index + 1)) / 2;
    float[0] = 1 / center;
    bits[0] = bits[0]! + BigInt(offset);
    const reciprocal = float[0];
    const exact = logOfRatio(1n << 53n, BigInt(reciprocal * 2 ** 53));
    return { reciprocal, log: toFloat(roundToBinaryDigits(exact, 43n)) };
  });
}

function startOf(interval: number): number {
  bits[0] = RANGE_START + (BigInt(interval) << INTERVAL_BITS);
  return float[0]!;
}
