import type { ClusterMember } from "../../proto/gen/muster/v1/operator_pb.js";

/** The coordinators of a cluster. */
export interface MemberList {
  /** Says of one that it is there; forgotten after some seconds without a word. */
  announce(member: ClusterMember): Promise<void>;
  list(): Promise<readonly ClusterMember[]>;
}
