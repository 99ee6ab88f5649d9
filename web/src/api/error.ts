/** What the server says is wrong (RFC 9457), or `network_error` when it could not be asked. */
export interface ProblemDetails {
  status: number
  code: string
  detail: string
  title?: string
  field?: string
  allowed?: string[]
  errors?: { field: string; code: string; detail: string }[]
  retryAfter?: number
}

export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly field: string | undefined
  readonly allowed: string[]
  readonly errors: { field: string; code: string; detail: string }[]

  constructor(problem: ProblemDetails) {
    super(problem.detail || problem.code)
    this.name = 'ApiError'
    this.status = problem.status
    this.code = problem.code
    this.detail = problem.detail
    this.field = problem.field
    this.allowed = problem.allowed ?? []
    this.errors = problem.errors ?? []
  }

  /** The server was not reached; trying again may help. */
  get offline(): boolean {
    return this.code === 'network_error'
  }
}

export async function problemOf(response: Response): Promise<ApiError> {
  let body: Partial<ProblemDetails> = {}
  try {
    body = (await response.json()) as Partial<ProblemDetails>
  } catch {
    // A proxy's page or nothing: the status alone has to do.
  }
  return new ApiError({
    ...body,
    status: response.status,
    code: body.code ?? (response.status >= 502 ? 'network_error' : 'unexpected_answer'),
    detail: body.detail ?? body.title ?? response.statusText,
  })
}
