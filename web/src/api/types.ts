/**
 * What the server sends and takes. Money is integer poisha; instants are RFC 3339 in UTC; civil dates are
 * "YYYY-MM-DD". Names are those of the OpenAPI document, so that each can become a re-export of `./gen`.
 */
export type Role =
  | 'admin'
  | 'sales_manager'
  | 'team_leader'
  | 'agent'
  | 'support'
  | 'delivery_coordinator'
export type Language = 'bn' | 'en'
export type Theme = 'system' | 'light' | 'dark'
export interface Page<T> {
  items: T[]
  nextCursor?: string | null
}
export interface Items<T> {
  items: T[]
}
export interface Me {
  id: number
  login: string
  name: string
  role: Role
  extension?: string | null
  teamId?: number | null
  teamCode?: string | null
  teamLeaderId?: number | null
  language: Language
  theme: Theme
}
export interface Session {
  accessToken: string
  refreshToken: string
  expiresIn: number
  user: Me
}

export type Seniority = 'junior' | 'regular' | 'senior'
export interface User {
  id: number
  login: string
  name: string
  role: Role
  phone?: string | null
  extension?: string | null
  teamId?: number | null
  teamCode?: string | null
  teamLeaderId?: number | null
  seniority: Seniority
  capacity: number
  districts: string[]
  active: boolean
  absentOn: string[]
}
export interface DirectoryEntry {
  id: number
  name: string
  role: Role
  extension?: string | null
  teamCode?: string | null
}
export interface TeamAgent {
  id: number
  name: string
  extension?: string | null
  seniority: Seniority
  capacity: number
  districts: string[]
  active: boolean
}
export interface Team {
  id: number
  code: string
  name: string
  teamLeaderId: number
  agentCount: number
  agents: TeamAgent[]
}

export type PackUnit = 'kg' | 'g' | 'litre' | 'ml' | 'pcs'
export interface Product {
  id: number
  sku: string
  nameBn: string
  nameEn: string
  categoryId: number
  categorySlug: string
  categoryNameBn: string
  categoryNameEn: string
  packSize: number
  packUnit: PackUnit
  baseQty: number
  price: number
  active: boolean
}
export interface Category {
  id: number
  slug: string
  nameBn: string
  nameEn: string
  baseUnit: string
}
export interface ConsumptionProfile {
  id: number
  categoryId?: number | null
  productId?: number | null
  avgConsumptionDays: number
  bufferDays?: number | null
  bufferPct?: number | null
  minDays: number
  maxDays: number
  typicalBaseQty: number
}

export type PurchaseStage = 'new' | 'repeat_2' | 'repeat_3' | 'regular' | 'permanent'
export type ValueStage = 'normal' | 'medium' | 'vip'
export type LifecycleStage = 'prospect' | 'new' | 'active' | 'at_risk' | 'churned'
export type Temperature = 'hot' | 'warm' | 'cold'
export type MembershipLevel = 'silver' | 'gold' | 'permanent'
export type CustomerType = 'new' | 'repeat' | 'vip' | 'inactive'
export interface Consent {
  call: boolean
  sms: boolean
  whatsapp: boolean
  email: boolean
}
export interface Customer {
  id: number
  name: string
  phone: string
  phones: string[]
  email?: string | null
  address?: string | null
  district?: string | null
  city?: string | null
  birthday?: string | null
  anniversary?: string | null
  gender?: 'male' | 'female' | null
  greeting?: 'bhai' | 'apu' | null
  language: Language
  consent: Consent
  doNotCall: boolean
  doNotCallReason?: string | null
  doNotCallAt?: string | null
  assignedTo?: number | null
  assignedSupervisorId?: number | null
  referralCode?: string | null
  referrerId?: number | null
  tags: string[]
  notes?: string | null
  totalOrders: number
  totalSpend: number
  avgOrderValue: number
  firstOrderDate?: string | null
  lastOrderDate?: string | null
  purchaseStage: PurchaseStage
  valueStage: ValueStage
  customerType: CustomerType
  lifecycleStage: LifecycleStage
  temperature: Temperature
  membershipLevel?: MembershipLevel | null
  segment: string
  lastContactAt?: string | null
  createdAt: string
  updatedAt: string
}
/** A row of the customer list: the fields a list needs. */
export type CustomerSummary = Pick<
  Customer,
  | 'id'
  | 'name'
  | 'phone'
  | 'district'
  | 'greeting'
  | 'doNotCall'
  | 'assignedTo'
  | 'totalOrders'
  | 'totalSpend'
  | 'lastOrderDate'
  | 'purchaseStage'
  | 'valueStage'
  | 'lifecycleStage'
  | 'temperature'
  | 'membershipLevel'
  | 'segment'
  | 'lastContactAt'
>
export interface Cycle {
  categoryId: number
  categorySlug: string
  nameBn: string
  nameEn: string
  purchases: number
  lastDate: string
  lastQty: number
  baseUnit: string
  dueOn: string
  expectedOn: string
  avgGapDays?: number | null
  basis: 'table' | 'learned'
  arithmetic: {
    orderDate: string
    consumptionDays: number
    bufferDays: number
    scaledFrom?: { typicalBaseQty: number; baseQty: number } | null
    clamped: boolean
    minDays: number
    maxDays: number
  }
}
export interface Alert {
  code:
    | 'inactive'
    | 'high_aov'
    | 'new_customer'
    | 'complaint_open'
    | 'reorder_due'
    | 'do_not_call'
    | 'birthday'
  params: Record<string, unknown>
}
export interface Recommendation {
  productId: number
  sku: string
  nameBn: string
  nameEn: string
  price: number
  reason: {
    code: 'reorder_due' | 'cross_sell' | 'popular'
    categorySlug?: string | null
    triggerCategorySlug?: string | null
    days?: number | null
  }
}
export interface Interaction {
  id: number
  kind: 'call' | 'order' | 'note' | 'message' | 'level' | 'task' | 'assignment'
  at: string
  userId?: number | null
  direction?: string | null
  summary: string
  text?: string | null
  data?: unknown
}
export interface Assignment {
  at: string
  byUserId?: number | null
  fromAgentId?: number | null
  toAgentId?: number | null
  reason?: string | null
}
export interface Customer360 {
  customer: Customer
  daysSinceLastOrder?: number | null
  cycles: Cycle[]
  recentOrders: Order[]
  calls: Call[]
  tasks: Task[]
  timeline: Interaction[]
  alerts: Alert[]
  assignments: Assignment[]
  recommendations: Recommendation[]
}
export interface SearchHit {
  kind: 'customer' | 'order'
  customerId: number
  orderId?: number | null
  name: string
  phone: string
  orderNo?: string | null
  matched: string
}

export type OrderStatus =
  | 'placed'
  | 'confirmed'
  | 'shipped'
  | 'delivered'
  | 'cancelled'
  | 'returned'
export interface OrderLine {
  id: number
  productId: number
  sku: string
  nameBn: string
  nameEn: string
  quantity: number
  unitPrice: number
  lineTotal: number
  baseQty: number
}
export interface Order {
  id: number
  orderNo: string
  source: string
  externalId?: string | null
  customerId: number
  customerName: string
  phone: string
  orderDate: string
  placedAt: string
  status: OrderStatus
  counted: boolean
  subtotal: number
  discount: number
  deliveryCharge: number
  total: number
  paymentMethod?: string | null
  note?: string | null
  taskId?: number | null
  createdBy?: number | null
  lines: OrderLine[]
}

export type ImportKind = 'customers' | 'products' | 'orders' | 'categories'
export interface ImportJob {
  id: number
  kind: ImportKind
  format: string
  fileName: string
  status: 'queued' | 'running' | 'done' | 'failed' | 'cancelled'
  dryRun: boolean
  totalRows: number
  doneRows: number
  okRows: number
  errorRows: number
  created: number
  updated: number
  unchanged: number
  mapping: Record<string, string>
  columns: string[]
  startedAt?: string | null
  finishedAt?: string | null
  error?: { code: string; detail: string } | null
}
export interface ImportError {
  line: number
  column?: string | null
  code: string
  reason: string
  value?: string | null
}

export type TaskKind =
  | 'reminder'
  | 'offer_followup'
  | 'cross_sell'
  | 'membership_upgrade'
  | 'birthday'
  | 'follow_up'
  | 'missed_call'
  | 'win_back'
  | 'drop_off'
  | 'complaint'
export type QuotaClass = 'reminder' | 'offer' | 'follow_up'
export type TaskStatus =
  | 'pending'
  | 'in_progress'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'expired'
export const OUTCOMES = [
  'ordered',
  'follow_up',
  'not_interested',
  'price_issue',
  'no_response',
] as const
export type Outcome = (typeof OUTCOMES)[number]
export type SubReason =
  | 'wrong_number'
  | 'switched_off'
  | 'busy'
  | 'callback_requested'
  | 'already_ordered'
  | 'still_has_stock'
  | 'do_not_call'
  | 'other'
export interface TalkingPoint {
  kind: TaskKind
  reason: { code: string; params: Record<string, unknown> }
  text: { bn: string; en: string }
}
export interface Task {
  id: number
  customerId?: number | null
  customerName?: string | null
  phone: string
  taskDate: string
  kind: TaskKind
  quotaClass: QuotaClass
  reason: string
  talkingPoints: TalkingPoint[]
  priority: number
  temperature: Temperature
  recommendedProducts: { productId: number; nameBn: string; nameEn: string }[]
  scriptKey: string
  offerCode?: string | null
  assignedTo?: number | null
  agentName?: string | null
  teamCode?: string | null
  status: TaskStatus
  attempts: number
  dueAt?: string | null
  promised: boolean
  origin: 'plan' | 'promise' | 'missed_call' | 'manual'
  outcome?: Outcome | null
  subReason?: SubReason | null
  notes?: string | null
  orderId?: number | null
  cancelReason?: { code: string; params: Record<string, unknown> } | string | null
  segmentLabel?: string | null
  valueStage?: ValueStage | null
  createdAt: string
  startedAt?: string | null
  completedAt?: string | null
  callIds: number[]
}
export interface TodayTasks {
  date: string
  items: Task[]
  counts: {
    total: number
    pending: number
    inProgress: number
    completed: number
    failed: number
    cancelled: number
    hot: number
    warm: number
    cold: number
    promised: number
  }
  backlog: number
}
export interface StatusChange {
  status: 'in_progress' | 'completed' | 'failed' | 'pending'
  outcome?: Outcome
  subReason?: SubReason
  notes?: string
  followUpAt?: string
  order?: {
    lines: BasketLine[]
    discount?: number
    deliveryCharge?: number
    paymentMethod?: string
    note?: string
  }
}
export interface Script {
  taskId: number
  scriptKey: string
  opening: string[]
  main: { title: string; goal: string; lines: string[] }
  objectionHandling: { key: string; objection: string; reply: string | string[] }[]
  ending: string[]
  context: {
    callReason: string
    customerIntel: Record<string, unknown>
    recommendations: unknown[]
  }
}

export interface BasketLine {
  productId: number
  quantity: number
}
export interface WrapUp {
  taskId: number
  callId?: number | null
  state: 'calling' | 'wrap_up'
  since: string
  notes: string
  outcome?: Outcome | null
  subReason?: SubReason | null
  followUpAt?: string | null
  basket: BasketLine[]
  version?: number
  task: Task
}
export type WrapUpPatch = Partial<
  Pick<WrapUp, 'notes' | 'outcome' | 'subReason' | 'followUpAt' | 'basket'>
>
export type AgentState = 'offline' | 'online' | 'on_call' | 'wrap_up' | 'break'
export interface AgentStatus {
  userId: number
  status: AgentState
  since: string
  reason?: string | null
  breakAfterCall: boolean
}
export interface Desk {
  agent: AgentStatus
  wrapUps: WrapUp[]
  active?: { task: Task; call?: Call | null } | null
  powerDialSeconds: number
  today: {
    total: number
    done: number
    ordered: number
    followUps: number
    noResponse: number
    revenue: number
    pacePerHour: number
    projectedFinish?: string | null
    talkSeconds: number
  }
}

export type CallStatus =
  | 'initiated'
  | 'ringing'
  | 'answered'
  | 'completed'
  | 'missed'
  | 'no_answer'
  | 'busy'
  | 'failed'
  | 'cancelled'
export interface Capabilities {
  hangup: boolean
  hold: boolean
  mute: boolean
  record: boolean
  transfer: boolean
  dtmf: boolean
  reason?: string | null
}
export interface Call {
  id: number
  direction: 'outbound' | 'inbound'
  provider: string
  mode: 'live' | 'mock'
  externalCallId?: string | null
  customerPhone: string
  agentExtension?: string | null
  agentUserId?: number | null
  taskId?: number | null
  customerId?: number | null
  customerName?: string | null
  status: CallStatus
  startedAt: string
  ringingAt?: string | null
  answeredAt?: string | null
  endedAt?: string | null
  durationSeconds?: number | null
  endReason?: string | null
  recordingUrl?: string | null
  recordingDuration?: number | null
  muted: boolean
  held: boolean
  recording: boolean
  capabilities: Capabilities
}
export interface InitiatedCall {
  telephonyCallId: number
  provider: string
  externalCallId: string
  mode: 'live' | 'mock'
  message?: string | null
}
export interface WebhookDelivery {
  id: number
  receivedAt: string
  path: string
  outcome: 'applied' | 'duplicate' | 'unknown_call' | 'rejected'
  code?: string | null
  callId?: number | null
  externalCallId?: string | null
  body: string
}

export interface PlanResult {
  planId?: number | null
  date: string
  preview: boolean
  created: number
  merged: number
  alreadyPlanned: number
  byClass: { reminder: number; offer: number; followUp: number }
  byTeam: { teamCode: string; count: number }[]
  agents: {
    agentId: number
    name: string
    teamCode?: string | null
    reminder: number
    offer: number
    followUp: number
    total: number
    capacityLeft: number
  }[]
  leftOut: {
    reason:
      | 'do_not_call'
      | 'no_consent'
      | 'recently_contacted'
      | 'no_capacity'
      | 'quota_full'
      | 'no_team'
      | 'already_planned'
      | 'open_promise'
      | 'no_phone'
    count: number
  }[]
  tookMs: number
}
export interface RolePlay {
  id: string
  title: string
  goal: string
  lines: { speaker: string; line: string }[]
  notes: { do: string[]; dont: string[] }
}
export interface PlaybookEntry {
  teamCode: string
  title: { bn: string; en: string } | string
  style: { bn: string; en: string } | string
  do: string[]
  dont: string[]
  /** The steps of every call; only in the entry for all teams ("ALL"). */
  steps?: { key: string; title: string; text: string }[]
}
export interface Dashboard {
  date: string
  coverage: {
    totalCustomers: number
    repeatRate: number
    vipPermanentActive30d: number
    pendingPreviousDays: number
  }
  purchaseStages: { stage: PurchaseStage; count: number }[]
  valueStages: { stage: ValueStage; count: number }[]
  agents: {
    agentId: number
    name: string
    teamCode?: string | null
    extension?: string | null
    status: AgentState
    statusSince: string
    capacity: number
    today: {
      total: number
      completed: number
      failed: number
      pending: number
      inProgress: number
      ordered: number
      promisesLate: number
    }
    currentCall?: {
      callId: number
      status: CallStatus
      startedAt: string
      customerName?: string | null
    } | null
  }[]
  scriptPlaybook: PlaybookEntry[]
  trainingRolePlays: {
    title: string
    rolePlays: RolePlay[]
    commonMistakes: string[]
    goldenRules: string[]
  }
  lastPlan?: PlanResult | null
}

/** What the server pushes, by type. */
export interface LiveEvents {
  'call.updated': { call: Call }
  'call.incoming': {
    call: Call
    customer?: { id: number; name: string; phone: string; segment?: string | null } | null
  }
  'task.updated': { task: Task; reason?: unknown }
  'task.cancelled': {
    taskId: number
    reason: { code: string; params: Record<string, unknown> }
  }
  'queue.changed': { agentId: number; date: string; reason: string }
  'agent.status': AgentStatus
  'plan.generated': { date: string; created: number }
  'wrapup.updated': { taskId: number; userId: number }
  'import.progress': ImportJob
}
