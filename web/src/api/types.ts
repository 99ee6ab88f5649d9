/**
 * What the server sends and takes, under the names the app uses; all of it from `./gen`, which is made from the
 * server's API document. Money is integer poisha; instants are RFC 3339 in UTC; civil dates are "YYYY-MM-DD".
 */
import type {
  AgentStatus,
  Call,
  Channel,
  Delivery,
  Hit,
  ImportJob,
  Initiated,
  Kind,
  Lang,
  LeftOutReason,
  Outcome,
  Presence,
  Queue,
  SaveWrapUp,
  SuggestedScript,
  Task,
} from './gen'

export type {
  AgentDay,
  AgentShare,
  AgentStatus,
  Alert,
  Assignment,
  BasketLine,
  Call,
  CallStatus,
  Capabilities,
  Category,
  CategoryQuality,
  Consent,
  ConsumptionProfile,
  Customer,
  Customer360,
  CustomerSummary,
  CustomerType,
  Cycle,
  Dashboard,
  Desk,
  DirectoryEntry,
  DistrictName,
  ImportError,
  ImportJob,
  Inspection,
  Interaction,
  LifecycleStage,
  Me,
  MembershipLevel,
  Message,
  MessageStatus,
  Order,
  OrderLine,
  OrderStatus,
  Outcome,
  PackUnit,
  PinField,
  PlanResult,
  PlanSettings,
  PlaybookEntry,
  Product,
  ProfilePreview,
  PromiseReport,
  PurchaseStage,
  Quality,
  QuotaClass,
  Recommendation,
  Role,
  RolePlay,
  Segment,
  SegmentField,
  SegmentView,
  Seniority,
  Session,
  SipLogin,
  StatusChange,
  SubReason,
  TalkingPoint,
  Task,
  TaskKind,
  TaskStatus,
  Team,
  TeamAgent,
  Temperature,
  Theme,
  User,
  ValueStage,
  WrapUp,
} from './gen'

export type AgentState = Presence
export type MessageChannel = Channel
export type Language = Lang
export type ImportKind = Kind
export type InitiatedCall = Initiated
export type Script = SuggestedScript
export type SearchHit = Hit
export type TodayTasks = Queue
export type WebhookDelivery = Delivery
export type WrapUpPatch = SaveWrapUp
export type { LeftOutReason }

export interface Page<T> {
  items: T[]
  nextCursor?: string | null
}

/** In the order of the keys 1-5. */
export const OUTCOMES = [
  'ordered',
  'follow_up',
  'not_interested',
  'price_issue',
  'no_response',
] as const satisfies readonly Outcome[]

/** A code with what it is about, worded by the app. */
export interface Coded {
  code: string
  params: Record<string, unknown>
}

/** What the server pushes over the socket, by type. */
export interface LiveEvents {
  'call.updated': { call: Call }
  'call.incoming': {
    call: Call
    customer?: { id: number; name: string; phone: string; segment?: string | null } | null
  }
  'task.updated': { task: Task; reason?: unknown }
  'task.cancelled': { taskId: number; reason: Coded }
  'queue.changed': { agentId: number; date: string; reason: string }
  'agent.status': AgentStatus
  'plan.generated': { date: string; created: number }
  'plan.undone': { date: string }
  'wrapup.updated': { taskId: number; userId: number }
  'import.progress': ImportJob
}
