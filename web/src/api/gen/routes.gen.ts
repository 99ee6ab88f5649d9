// Made by scripts/routes.mjs from the OpenAPI document.

import type * as T from './types.gen'

type NoQuery = Record<never, never>

export interface Routes {
  GET: {
    '/api/audit': { query: { userId?: number | null | undefined; action?: string | null | undefined; entity?: string | null | undefined; entityId?: number | null | undefined; from?: string | null | undefined; to?: string | null | undefined; limit?: number | null | undefined; cursor?: string | null | undefined }; body: undefined; answer: T.PageAuditEntry }
    '/api/auth/me': { query: NoQuery; body: undefined; answer: T.Me }
    '/api/cdm/categories': { query: NoQuery; body: undefined; answer: T.Categories }
    '/api/cdm/consumption-profiles': { query: NoQuery; body: undefined; answer: T.ConsumptionProfiles }
    '/api/cdm/customer360': { query: { q?: string | null | undefined; purchaseStage?: T.PurchaseStage | null | undefined; valueStage?: T.ValueStage | null | undefined; lifecycleStage?: T.LifecycleStage | null | undefined; temperature?: T.Temperature | null | undefined; district?: string | null | undefined; boughtProductId?: T.ProductId | null | undefined; boughtCategoryId?: T.CategoryId | null | undefined; lastContactBefore?: string | null | undefined; assignedTo?: string | null | undefined; doNotCall?: boolean | null | undefined; limit?: number | null | undefined; cursor?: string | null | undefined }; body: undefined; answer: T.PageCustomerSummary }
    [path: `/api/cdm/customer360/${number}`]: { query: NoQuery; body: undefined; answer: T.Customer360 }
    '/api/cdm/customers': { query: { q?: string | null | undefined; purchaseStage?: T.PurchaseStage | null | undefined; valueStage?: T.ValueStage | null | undefined; lifecycleStage?: T.LifecycleStage | null | undefined; temperature?: T.Temperature | null | undefined; district?: string | null | undefined; boughtProductId?: T.ProductId | null | undefined; boughtCategoryId?: T.CategoryId | null | undefined; lastContactBefore?: string | null | undefined; assignedTo?: string | null | undefined; doNotCall?: boolean | null | undefined; limit?: number | null | undefined; cursor?: string | null | undefined }; body: undefined; answer: T.PageCustomerSummary }
    [path: `/api/cdm/customers/${number}`]: { query: NoQuery; body: undefined; answer: T.Customer }
    [path: `/api/cdm/customers/${number}/segment`]: { query: NoQuery; body: undefined; answer: T.SegmentView }
    '/api/cdm/districts': { query: NoQuery; body: undefined; answer: T.DistrictNames }
    '/api/cdm/imports': { query: NoQuery; body: undefined; answer: T.Imports }
    [path: `/api/cdm/imports/${number}`]: { query: NoQuery; body: undefined; answer: T.ImportJob }
    [path: `/api/cdm/imports/${number}/errors`]: { query: { limit?: number | null | undefined; cursor?: string | null | undefined }; body: undefined; answer: T.PageImportError }
    [path: `/api/cdm/imports/${number}/rejected.csv`]: { query: NoQuery; body: undefined; answer: Blob }
    [path: `/api/cdm/imports/${number}/warnings`]: { query: { limit?: number | null | undefined; cursor?: string | null | undefined }; body: undefined; answer: T.PageImportError }
    '/api/cdm/orders': { query: { customerId?: T.CustomerId | null | undefined; status?: T.OrderStatus | null | undefined; q?: string | null | undefined; from?: string | null | undefined; to?: string | null | undefined; sort?: "newest" | "oldest" | null | undefined; limit?: number | null | undefined; cursor?: string | null | undefined }; body: undefined; answer: T.PageOrder }
    [path: `/api/cdm/orders/${number}`]: { query: NoQuery; body: undefined; answer: T.Order }
    '/api/cdm/products': { query: { q?: string | null | undefined; categoryId?: T.CategoryId | null | undefined; active?: boolean | null | undefined }; body: undefined; answer: T.Products }
    '/api/cdm/reorder/quality': { query: NoQuery; body: undefined; answer: T.QualityAnswer }
    '/api/cdm/search': { query: { q?: string | null | undefined }; body: undefined; answer: T.Hits }
    '/api/cdm/segments': { query: NoQuery; body: undefined; answer: T.Segments }
    [path: `/api/crm/automation/call-tasks/${number}/suggested-script`]: { query: { lang?: "bn" | "en" | null | undefined }; body: undefined; answer: T.SuggestedScript }
    [path: `/api/crm/automation/intelligence/${number}`]: { query: NoQuery; body: undefined; answer: T.Intelligence }
    [path: `/api/crm/automation/recommendations/${number}`]: { query: NoQuery; body: undefined; answer: T.Recommendations }
    '/api/crm/automation/tasks/my-followups': { query: NoQuery; body: undefined; answer: T.Tasks }
    '/api/crm/automation/tasks/today': { query: { agentId?: T.UserId | null | undefined; date?: string | null | undefined }; body: undefined; answer: T.Queue }
    [path: `/api/crm/automation/tasks/${number}`]: { query: NoQuery; body: undefined; answer: T.Task }
    '/api/crm/desk': { query: NoQuery; body: undefined; answer: T.Desk }
    '/api/crm/messages': { query: { date?: string | null | undefined }; body: undefined; answer: T.Messages }
    '/api/crm/team/dashboard': { query: { lang?: "bn" | "en" | null | undefined; teamLeaderId?: T.UserId | null | undefined }; body: undefined; answer: T.Dashboard }
    '/api/crm/team/ops/plan': { query: { date?: string | null | undefined }; body: undefined; answer: T.PlanResult }
    '/api/crm/team/ops/plan/settings': { query: NoQuery; body: undefined; answer: T.PlanSettings }
    '/api/crm/team/ops/plan/uplift': { query: { days?: number | null | undefined }; body: undefined; answer: T.Uplift }
    '/api/crm/team/promises': { query: { days?: number | null | undefined }; body: undefined; answer: T.PromiseReport }
    '/api/crm/team/teams': { query: NoQuery; body: undefined; answer: T.TeamList }
    '/api/realtime': { query: { ticket?: string | null | undefined; since?: number | null | undefined }; body: undefined; answer: never }
    '/api/settings/company': { query: NoQuery; body: undefined; answer: T.Company }
    '/api/telephony/agents/me/status': { query: NoQuery; body: undefined; answer: T.AgentStatus }
    '/api/telephony/calls': { query: { customerId?: number | null | undefined; agentId?: number | null | undefined; status?: T.CallStatus | null | undefined; gaps?: boolean | null | undefined; from?: string | null | undefined; to?: string | null | undefined; sort?: "newest" | "oldest" | null | undefined; limit?: number | null | undefined; cursor?: string | null | undefined }; body: undefined; answer: T.PageCall }
    [path: `/api/telephony/calls/${number}`]: { query: NoQuery; body: undefined; answer: T.Call }
    [path: `/api/telephony/calls/${number}/recording`]: { query: NoQuery; body: undefined; answer: Blob }
    '/api/telephony/colleagues': { query: NoQuery; body: undefined; answer: T.Colleagues }
    '/api/telephony/webhook-clock': { query: NoQuery; body: undefined; answer: T.WebhookClock }
    '/api/telephony/webhook-deliveries': { query: { limit?: number | null | undefined; cursor?: string | null | undefined; outcome?: T.DeliveryOutcome | null | undefined }; body: undefined; answer: T.PageDelivery }
    '/api/users': { query: { role?: T.Role | null | undefined }; body: undefined; answer: T.UserList }
    '/api/users/directory': { query: NoQuery; body: undefined; answer: T.Directory }
  }
  POST: {
    '/api/auth/login': { query: NoQuery; body: T.Login; answer: T.Session }
    '/api/auth/logout': { query: NoQuery; body: T.RefreshToken; answer: undefined }
    '/api/auth/logout-everywhere': { query: NoQuery; body: undefined; answer: undefined }
    '/api/auth/refresh': { query: NoQuery; body: T.RefreshToken; answer: T.Session }
    '/api/call/hangup': { query: NoQuery; body: T.Hangup; answer: T.Done }
    '/api/call/start': { query: NoQuery; body: T.StartCall; answer: T.CallStarted }
    '/api/call/transfer': { query: NoQuery; body: T.TransferCall; answer: T.Done }
    [path: `/api/cdm/consumption-profiles/${number}/preview`]: { query: NoQuery; body: T.ProfilePatch; answer: T.ProfilePreview }
    '/api/cdm/customers': { query: NoQuery; body: T.CustomerEntry; answer: T.Customer }
    [path: `/api/cdm/customers/${number}/cycles/${number}/stock`]: { query: NoQuery; body: T.StockLeft; answer: undefined }
    [path: `/api/cdm/customers/${number}/notes`]: { query: NoQuery; body: T.NoteBody; answer: T.Interaction }
    '/api/cdm/imports': { query: { dryRun?: boolean | null | undefined }; body: FormData; answer: T.ImportJob }
    '/api/cdm/imports/inspect': { query: NoQuery; body: FormData; answer: T.Inspection }
    [path: `/api/cdm/imports/${number}/cancel`]: { query: NoQuery; body: undefined; answer: T.ImportJob }
    [path: `/api/cdm/imports/${number}/run`]: { query: NoQuery; body: undefined; answer: T.ImportJob }
    '/api/cdm/orders': { query: NoQuery; body: T.OrderBody; answer: T.Order }
    '/api/cdm/products': { query: NoQuery; body: T.NewProduct; answer: T.Product }
    '/api/cdm/reorder/learn': { query: NoQuery; body: undefined; answer: T.QualityAnswer }
    '/api/cdm/segments': { query: NoQuery; body: T.SegmentEntry; answer: T.Segment }
    '/api/crm/automation/tasks': { query: NoQuery; body: T.ManualTask; answer: T.PlacedTask }
    '/api/crm/messages/hand-over': { query: NoQuery; body: T.HandOver; answer: T.Messages }
    '/api/crm/team/leads/bulk-assign': { query: NoQuery; body: T.BulkAssign; answer: T.BulkReport }
    '/api/crm/team/leads/bulk-unassign': { query: NoQuery; body: T.BulkUnassign; answer: T.BulkReport }
    '/api/crm/team/ops/generate-calls': { query: NoQuery; body: T.GenerateCalls | undefined; answer: T.PlanResult }
    '/api/crm/team/ops/plan/undo': { query: NoQuery; body: T.UndoPlan | undefined; answer: T.PlanResult }
    '/api/crm/team/teams': { query: NoQuery; body: T.NewTeam; answer: T.Team }
    [path: `/api/crm/team/teams/${number}/assign-agent`]: { query: NoQuery; body: T.TeamMember; answer: T.Team }
    [path: `/api/crm/team/teams/${number}/unassign-agent`]: { query: NoQuery; body: T.TeamMember; answer: T.Team }
    '/api/realtime/ticket': { query: NoQuery; body: undefined; answer: T.Ticket }
    '/api/telephony/agents/me/status': { query: NoQuery; body: T.SetStatus; answer: T.AgentStatus }
    '/api/telephony/calls/by-hand': { query: NoQuery; body: T.ByHand; answer: T.Call }
    '/api/telephony/calls/initiate': { query: NoQuery; body: T.Initiate; answer: T.Initiated }
    [path: `/api/telephony/calls/${number}/dtmf`]: { query: NoQuery; body: T.Dtmf; answer: T.Call }
    [path: `/api/telephony/calls/${number}/hangup`]: { query: NoQuery; body: undefined; answer: T.Call }
    [path: `/api/telephony/calls/${number}/hold`]: { query: NoQuery; body: undefined; answer: T.Call }
    [path: `/api/telephony/calls/${number}/monitor`]: { query: NoQuery; body: T.Monitor; answer: T.Call }
    [path: `/api/telephony/calls/${number}/mute`]: { query: NoQuery; body: undefined; answer: T.Call }
    [path: `/api/telephony/calls/${number}/record`]: { query: NoQuery; body: T.Record; answer: T.Call }
    [path: `/api/telephony/calls/${number}/rejoin`]: { query: NoQuery; body: undefined; answer: T.Call }
    [path: `/api/telephony/calls/${number}/transfer`]: { query: NoQuery; body: T.Transfer; answer: T.Call }
    [path: `/api/telephony/calls/${number}/transfer/cancel`]: { query: NoQuery; body: undefined; answer: T.Call }
    [path: `/api/telephony/calls/${number}/transfer/complete`]: { query: NoQuery; body: undefined; answer: T.Call }
    [path: `/api/telephony/calls/${number}/unhold`]: { query: NoQuery; body: undefined; answer: T.Call }
    [path: `/api/telephony/calls/${number}/unmute`]: { query: NoQuery; body: undefined; answer: T.Call }
    '/api/telephony/phone': { query: NoQuery; body: undefined; answer: T.Phone }
    [path: `/api/telephony/webhook-deliveries/${number}/replay`]: { query: NoQuery; body: undefined; answer: T.Delivery }
    '/api/telephony/webhook/bracknet': { query: NoQuery; body: unknown; answer: T.Received }
    '/api/users': { query: NoQuery; body: T.NewUser; answer: T.User }
    '/api/webhook/bracknet/call-answered': { query: NoQuery; body: unknown; answer: T.Received }
    '/api/webhook/bracknet/call-ended': { query: NoQuery; body: unknown; answer: T.Received }
    '/api/webhook/bracknet/call-missed': { query: NoQuery; body: unknown; answer: T.Received }
    '/api/webhook/bracknet/call-recording': { query: NoQuery; body: unknown; answer: T.Received }
    '/api/webhook/bracknet/incoming-call': { query: NoQuery; body: unknown; answer: T.Received }
  }
  PUT: {
    [path: `/api/cdm/customers/${number}/assignment`]: { query: NoQuery; body: T.AssignmentBody; answer: T.Customer }
    [path: `/api/cdm/customers/${number}/pins/${"purchase_stage" | "value_stage" | "temperature"}`]: { query: NoQuery; body: T.PinEntry; answer: T.SegmentView }
    [path: `/api/cdm/imports/${number}/statuses`]: { query: NoQuery; body: T.StatusMeanings; answer: T.ImportJob }
    [path: `/api/cdm/segments/${number}`]: { query: NoQuery; body: T.SegmentEntry; answer: T.Segment }
    [path: `/api/crm/automation/tasks/${number}/assign`]: { query: NoQuery; body: T.Assign; answer: T.Task }
    [path: `/api/crm/automation/tasks/${number}/status`]: { query: NoQuery; body: T.StatusChange; answer: T.Task }
    [path: `/api/crm/desk/wrap-ups/${number}`]: { query: NoQuery; body: T.SaveWrapUp; answer: T.WrapUp }
    '/api/crm/team/ops/plan/settings': { query: NoQuery; body: T.PlanSettings; answer: T.PlanSettings }
    [path: `/api/users/${number}/absences`]: { query: NoQuery; body: T.Absences; answer: T.User }
  }
  PATCH: {
    '/api/auth/me': { query: NoQuery; body: T.MePatch; answer: T.MeChanged }
    [path: `/api/cdm/consumption-profiles/${number}`]: { query: NoQuery; body: T.ProfilePatch; answer: T.ConsumptionProfile }
    [path: `/api/cdm/customers/${number}`]: { query: NoQuery; body: T.CustomerEntry; answer: T.Customer }
    [path: `/api/cdm/orders/${number}`]: { query: NoQuery; body: T.OrderPatch; answer: T.Order }
    [path: `/api/cdm/products/${number}`]: { query: NoQuery; body: T.ProductPatch; answer: T.Product }
    [path: `/api/crm/team/teams/${number}`]: { query: NoQuery; body: T.TeamPatch; answer: T.Team }
    [path: `/api/users/${number}`]: { query: NoQuery; body: T.UserPatch; answer: T.User }
  }
  DELETE: {
    [path: `/api/cdm/customers/${number}/pins/${"purchase_stage" | "value_stage" | "temperature"}`]: { query: NoQuery; body: undefined; answer: T.SegmentView }
    [path: `/api/cdm/segments/${number}`]: { query: NoQuery; body: undefined; answer: undefined }
    [path: `/api/crm/team/teams/${number}`]: { query: NoQuery; body: undefined; answer: undefined }
  }
}
